/** The script of /: the page works without it. */
import "../styles/entry.css";
import { keepLook } from "../ui/home/look";

keepLook();
