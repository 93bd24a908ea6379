/** The script of /r/<slug> for those who have no name yet: the page works without it. */
import "../styles/entry.css";
import { keepLook } from "../ui/home/look";

keepLook();
